/**
 * @file A program on a device, for as long as a command needs it.
 */
import type { Program } from '../../runtime/program.js';
import type { Session } from '../../runtime/index.js';

/** Opens a device that can run the program, gives its session to `use`, and closes both, whatever happens. */
export async function withSession<T>(program: Program, use: (session: Session) => Promise<T>): Promise<T> {
  const { openDevice, Session } = await import('../../runtime/index.js');
  const device = await openDevice({ needs: program.needs });
  try {
    const session = await Session.create(device, program);
    try {
      return await use(session);
    } finally {
      session.destroy();
    }
  } finally {
    device.destroy();
  }
}
