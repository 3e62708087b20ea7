/** Pictures of the visitor: chosen, dropped or pasted. They are read on the device and sent nowhere. */
import { LastFile } from './last-file.js';
import { CHANNELS, PIXELS, SIDE } from './tiles.js';

/** Takes the largest square in the middle of a picture, as values from 0 to 1. Transparent parts become white. */
async function read(file: Blob): Promise<Float32Array> {
  // Not createImageBitmap, which refuses SVG.
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIDE;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    context.fillStyle = 'white';
    context.fillRect(0, 0, SIDE, SIDE);
    context.imageSmoothingQuality = 'high';
    const { naturalWidth: width, naturalHeight: height } = image;
    const side = Math.min(width, height);
    if (side === 0) throw new Error('an SVG without a size');
    context.drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    return Float32Array.from({ length: PIXELS * CHANNELS }, (_, i) => data[i + Math.floor(i / CHANNELS)]! / 255);
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

export interface Elements {
  /** For files. */
  input: HTMLInputElement;
  /** On which files can be dropped. */
  area: HTMLElement;
  /** Says which file is being read. */
  status: HTMLElement;
  /** Says what is wrong with a file. */
  error: HTMLElement;
}

/**
 * Listens for pictures.
 *
 * @returns forgets the file that is being read, and what was said of files
 */
export function onPicture(
  { input, area, status, error }: Elements,
  listener: (picture: Float32Array, name: string) => void,
): () => void {
  const say = (reading: string, wrong: string) => {
    status.textContent = reading;
    error.textContent = wrong;
  };
  const files = new LastFile<File, Float32Array>(read, {
    started: (name) => say(`Reading “${name}” …`, ''),
    read(picture, name) {
      say('', '');
      listener(picture, name);
    },
    failed: (name) =>
      say(
        '',
        `This browser cannot read “${name}” as a picture. Try a PNG, JPEG or WebP file. An SVG file needs a size.`,
      ),
  });
  const take = (list: FileList | null | undefined) => {
    const file = list?.[0];
    if (file) void files.take(file);
  };
  input.addEventListener('change', () => {
    take(input.files);
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
    take(event.dataTransfer?.files);
  });
  return () => {
    files.cancel();
    say('', '');
  };
}
