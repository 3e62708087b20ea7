/** Programs in processes of their own, which need flags, limits or a memory that no other test uses. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Process {
  /** Arguments of Node. */
  flags?: string[];
  /** Arguments of the program. */
  args?: (string | number)[];
  /** The address space that the process may use, in GB. Linux alone has such a limit. */
  addressSpace?: number;
}

/** Runs a file of `programs` on the built package. @returns what it prints as JSON @throws Error with its stderr */
export async function runProgram<T>(name: string, { flags = [], args = [], addressSpace }: Process = {}): Promise<T> {
  const program = fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));
  const command = [process.execPath, ...flags, program, ...args.map(String)];
  const limit = addressSpace === undefined ? [] : ['sh', '-c', `ulimit -v ${addressSpace * 1e6}; exec "$@"`, ''];
  const [file, ...rest] = [...limit, ...command];
  const { stdout } = await promisify(execFile)(file!, rest, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}
