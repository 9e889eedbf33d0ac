import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What waits for OpenCV's bindings, a guest or another lab, see tools/setup/preparations.mjs. */
const waits = /\/tests\/(real\/(opencv\/|devices\/(v4l2|libcamera)\.|core\/arm64\.)|samples\/|setup\/)/;
const isReal = /\/tests\/real\//;

/**
 * Long tests first, so that no worker has nothing to do at the end; but those that wait for what is being made meanwhile
 * come after the other long ones.
 */
export class Order extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => (waits.test(moduleId) ? 1 : isReal.test(moduleId) ? 0 : 2);
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
