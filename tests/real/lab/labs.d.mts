type Lab = 'guest' | 'arm64' | 'python' | 'spark' | 'hadoop';

export function labFolder(name: Lab): string;
export function isLabMade(name: Lab): boolean;
export function makeLab(name: Lab): Promise<string>;
