/** Pictures of the visitor: chosen, dropped or pasted. They are read on the device and sent nowhere. */
import { CHANNELS, PIXELS, SIDE } from './tiles.js';

/** Takes the largest square in the middle of a picture, as values from 0 to 1. Transparent parts become white. */
async function read(file: Blob): Promise<Float32Array> {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = 'white';
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = 'high';
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.drawImage(bitmap, left, top, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Float32Array.from({ length: PIXELS * CHANNELS }, (_, i) => data[i + Math.floor(i / CHANNELS)]! / 255);
}

/**
 * Listens for pictures.
 *
 * @param input for files
 * @param area on which files can be dropped
 * @param message where to say what is wrong with a file
 */
export function onPicture(
  { input, area, message }: { input: HTMLInputElement; area: HTMLElement; message: HTMLElement },
  listener: (picture: Float32Array, name: string) => void,
): void {
  const take = async (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (!file) return;
    message.textContent = '';
    try {
      listener(await read(file), file.name);
    } catch {
      message.textContent = `“${file.name}” is not a picture that this browser can read. Try a PNG, JPEG or WebP file.`;
    }
  };
  input.addEventListener('change', async () => {
    await take(input.files);
    // So that the same file can be chosen again.
    input.value = '';
  });
  document.addEventListener('paste', (event) => take(event.clipboardData?.files));
  area.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    area.classList.add('drop');
  });
  area.addEventListener('dragleave', () => area.classList.remove('drop'));
  area.addEventListener('drop', (event) => {
    event.preventDefault();
    area.classList.remove('drop');
    void take(event.dataTransfer?.files);
  });
}
