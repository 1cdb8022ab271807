import { readyImages } from './stand-ins.ts'

/** `node test/images/ready.ts`: readies the images of docker-compose.yml for tests. */
const { real, standIns, missing } = await readyImages((line) => process.stdout.write(`${line}\n`))
for (const image of real) process.stdout.write(`${image}: the real one\n`)
if (standIns.length > 0)
  process.stdout.write(
    [
      '',
      '*********************************************************************************************',
      '* STAND-INS, NOT THE REAL IMAGES, carry these names on this machine now. For tests only: no  *',
      '* hospital may run on them. Remove them (docker rmi) before you use docker-compose.yml here. *',
      '*********************************************************************************************',
      ...standIns.map((image) => `* ${image}`),
      '',
    ].join('\n'),
  )
for (const image of missing) process.stdout.write(`${image}: can't be had here, and has no stand-in: what needs it is left out\n`)
