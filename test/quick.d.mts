export declare const LEFT_OUT: readonly string[];
export declare function isQuick(file: string): boolean;
