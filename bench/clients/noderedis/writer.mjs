// Sends one SET for each line "KEY VALUE" on its standard input, through node-redis, and answers each with a line:
// "ok", or what went wrong. Its arguments are the name of the master and the addresses of its Sentinels.
import { createInterface } from 'node:readline';
import { createSentinel } from 'redis';

const [name, ...addresses] = process.argv.slice(2);
const sentinelRootNodes = addresses.map(address => {
  const [host, port] = address.split(':');
  return { host, port: Number(port) };
});
const client = createSentinel({ name, sentinelRootNodes });
client.on('error', () => {}); // each SET says its own
await client.connect();
for await (const line of createInterface({ input: process.stdin })) {
  const [key, value] = line.split(' ');
  const answer = await client.set(key, value).then(() => 'ok', error => String(error).replaceAll('\n', ' '));
  process.stdout.write(answer + '\n');
}
process.exit(0);
