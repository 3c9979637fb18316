export declare function machineTime(): number;
export declare function shareMachineTime(global: object): void;
