export declare const nodeBinary: () => string | null
export declare const bunBinary: () => string | null
