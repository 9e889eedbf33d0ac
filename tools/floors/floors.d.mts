export declare const floors: readonly (readonly string[])[];
