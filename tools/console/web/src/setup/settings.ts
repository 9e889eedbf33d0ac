/** What the form asks for; empty where nothing was filled in. */
export interface SetupForm {
  readonly password: string;
  readonly node: string;
  readonly source: string;
  /** Empty for the built-in broker. */
  readonly broker: string;
  readonly username: string;
  readonly brokerPassword: string;
  /** The text of a certificate. */
  readonly ca: string;
}

/** The settings that a form stands for, by the names of `ocellus.yaml`. What was not filled in is left out. */
export function settingsOf(form: SetupForm): object {
  const { node, source, broker, username, brokerPassword, ca } = form;
  const mqtt = given({ broker, username, password: brokerPassword });
  const external = broker !== '' && { ...mqtt, ...(ca !== '' && { tls: { ca } }) };
  return {
    ...given({ node }),
    ...(source !== '' && { cameras: { camera: { source } } }),
    ...(external && { mqtt: external }),
    console: { password: form.password },
  };
}

const given = (fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
