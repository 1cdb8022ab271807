/** What is known of a device beyond its findings. */
export interface DeviceDescription {
  readonly ward: string | null
  readonly model: string | null
}

/** Null for what is no enrolled device: a source address, a site. Called often: answer from memory. */
export type DescribeDevice = (device: string) => DeviceDescription | null
