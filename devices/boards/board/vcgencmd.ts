import { askProgram } from '../../programs/ask-program.ts';
import { findProgram } from '../../programs/find-program.ts';

/** A query to the firmware of a Raspberry Pi. */
export type FirmwareQuestion = 'get_throttled' | 'pmic_read_adc';

/** @returns Its answer; undefined when it cannot be queried. */
/** Asks the firmware of a Raspberry Pi, as `vcgencmd` does: its answer, or undefined where there is none. */
export type AskFirmware = (question: FirmwareQuestion) => Promise<string | undefined>;

/** Asks through `vcgencmd`, which reads and writes `/dev/vcio`: its user belongs to the group `video`. */
export const askFirmware: AskFirmware = async (question) => {
  const program = findProgram('vcgencmd');
  return program === undefined ? undefined : askProgram(program, [question]);
};
