/** A session in the journal: what another gateway wrote is read only if it can be one. */
import * as assert from 'uvu/assert';
import { TcpState } from '../../src/nat/tcp-state.ts';
import { readSession } from '../../src/store/session-record.ts';
import { table } from '../helpers/table.ts';
import { TCP, UDP } from '../nat/flows.ts';

const GOOD = { protocol: TCP, outsidePort: 4000, farPort: 80, insidePort: 4000, state: TcpState.Established };

table(
  'a session of a journal',
  [
    { name: 'established', is: true },
    { name: 'half-closed by the inside', more: { state: TcpState.FinInside }, is: true },
    { name: 'half-closed by the outside', more: { state: TcpState.FinOutside }, is: true },
    { name: 'opening', more: { state: TcpState.InitOutside }, is: false },
    { name: 'closed by both', more: { state: TcpState.FinBoth }, is: false },
    { name: 'no state at all', more: { state: 200 }, is: false },
    { name: 'UDP', more: { protocol: UDP }, is: false },
    { name: 'SNAT port 0', more: { outsidePort: 0 }, is: false },
    { name: 'far port 0', more: { farPort: 0 }, is: false },
    { name: 'inside port 0', more: { insidePort: 0 }, is: false },
    { name: 'too short', cut: 1, is: false },
  ] as { name: string; more?: Partial<typeof GOOD>; cut?: number; is: boolean }[],
  ({ more, cut = 0, is }) => {
    const { protocol, outsidePort, farPort, insidePort, state } = { ...GOOD, ...more };
    const key = Buffer.alloc(21);
    key.writeUInt8(protocol, 0);
    key.writeUInt16BE(outsidePort, 1);
    key.writeUInt16BE(farPort, 3);
    const rest = Buffer.alloc(11 - cut);
    rest.writeUInt16BE(insidePort, 8 - cut);
    rest.writeUInt8(state, 10 - cut);
    assert.is(readSession(key.toString('base64'), rest.toString('base64')) !== null, is);
  },
);
