import kafkajs, { type Message } from 'kafkajs'

/** For tests: somebody else with a right to write, who knows nothing of our formats and keys. */
export interface ForeignProducer {
  send(topic: string, partition: number, messages: readonly Omit<Message, 'partition'>[], how?: 'gzip'): Promise<void>
  close(): Promise<void>
}

export const openForeignProducer = async (brokers: readonly string[]): Promise<ForeignProducer> => {
  const producer = new kafkajs.Kafka({ clientId: 'foreign', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition!,
  })
  await producer.connect()
  return {
    async send(topic, partition, messages, how) {
      const compression = how === undefined ? {} : { compression: kafkajs.CompressionTypes.GZIP }
      await producer.send({ topic, ...compression, messages: messages.map((message) => ({ ...message, partition })) })
    },
    close: () => producer.disconnect(),
  }
}
