/**
 * Opening the TUN device as the configuration says.
 */
import type { Logger } from 'pino';
import type { DeviceConfig } from '../config/device-config.ts';
import { TunDevice } from '../tun/device.ts';

/** @throws Nat46Error NAT46_PERMISSION, NAT46_RUNTIME; nothing stays open then */
export function openDevice({ tun, workers, attach, persist }: DeviceConfig, log: Logger): TunDevice {
  const device = TunDevice.open({ name: tun, queues: workers, attach, persist });
  const queues = device.queues.length;
  if (queues < workers) log.warn({ tun, queues, workers }, 'device is not multi-queue: fewer workers');
  return device;
}
