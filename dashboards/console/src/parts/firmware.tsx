import type { Asset } from '../../../../contracts/api/alerts.ts'

/** What the device reports, and what it was registered with when that is something else: somebody has changed it, or someone else speaks. */
export const Firmware = ({
  asset: { firmware, firmwareRegistered },
  narrow = false,
}: {
  asset: Pick<Asset, 'firmware' | 'firmwareRegistered'>
  narrow?: boolean
}) => {
  if (firmware === null) return '–'
  if (firmwareRegistered === null || firmwareRegistered === firmware) return firmware
  return (
    <span title={`Reported: ${firmware}. Registered: ${firmwareRegistered}`}>
      {firmware}{' '}
      <span className="high">
        {narrow ? '≠' : 'registered'} {firmwareRegistered}
      </span>
    </span>
  )
}
