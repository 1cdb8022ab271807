import { bedsideMonitor } from './bedside-monitor.ts'
import { glucoseSensor } from './glucose-sensor.ts'
import { infusionPump } from './infusion-pump.ts'
import type { Profile, ProfileId } from './profile.ts'
import { wearable } from './wearable.ts'

/** Every profile by its id. */
export const profiles: Readonly<Record<ProfileId, Profile>> = {
  'bedside-monitor': bedsideMonitor,
  wearable,
  'infusion-pump': infusionPump,
  'glucose-sensor': glucoseSensor,
}
