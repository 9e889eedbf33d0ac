import { askProgram } from '../../programs/ask-program.ts';
import { findProgram } from '../../programs/find-program.ts';

/** What the firmware of a Raspberry Pi is asked. */
export type FirmwareQuestion = 'get_throttled' | 'pmic_read_adc';

/** @returns What it answers; undefined where it cannot be asked. */
export type AskFirmware = (question: FirmwareQuestion) => Promise<string | undefined>;

/** Asks through `vcgencmd`, which reads and writes `/dev/vcio`: its user belongs to the group `video`. */
export const askFirmware: AskFirmware = async (question) => {
  const program = findProgram('vcgencmd');
  return program === undefined ? undefined : askProgram(program, [question]);
};
