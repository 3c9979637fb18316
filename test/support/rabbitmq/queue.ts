import { connect } from 'amqplib';
import type { ChannelModel, Channel, GetMessage } from 'amqplib';

/** Uses a server beside the target: declares, binds, takes messages out. */
export async function onServer<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection: ChannelModel = await connect(url);
  try {
    return await work(await connection.createChannel());
  } finally {
    await connection.close();
  }
}

/** All messages of a queue, in their order; they are taken out. */
export function takeAll(url: string, queue: string): Promise<GetMessage[]> {
  return onServer(url, async (channel) => {
    const { messageCount } = await channel.checkQueue(queue);
    const messages: GetMessage[] = [];
    await new Promise<void>((resolve, reject) => {
      if (messageCount === 0) resolve();
      const take = (message: GetMessage | null): void => {
        if (message === null) return;
        messages.push(message);
        if (messages.length === messageCount) resolve();
      };
      channel.consume(queue, take as never, { noAck: true }).catch(reject);
    });
    return messages;
  });
}

export async function takeIds(url: string, queue: string): Promise<string[]> {
  return (await takeAll(url, queue)).map(({ properties }) => String(properties.messageId));
}
