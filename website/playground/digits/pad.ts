/** The canvas to draw on, by pointer or keys. */
import { css, everyFrame, onScheme } from '../section.js';

/** The width of the pen: a digit that fills the canvas has strokes of two to three of MNIST's pixels. */
const PEN = 22;

/** How far a key moves the pen. */
const STEP = 14;

const ARROWS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

type Point = [x: number, y: number];

export class Pad {
  /** Ink alone, as opacity, so that its color can follow the scheme. */
  private readonly ink: CanvasRenderingContext2D;
  private readonly view: CanvasRenderingContext2D;
  private readonly side: number;
  private pen: Point;
  private isDown = false;
  private readonly paint = everyFrame(() => this.paintNow());

  /**
   * @param canvas a square
   * @param onInk called after each stroke, and each part of one
   * @param onPen called with what keys did to the pen
   */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onInk: () => void,
    private readonly onPen: (text: string) => void,
  ) {
    this.side = canvas.width;
    this.pen = [this.side / 2, this.side / 2];
    this.view = canvas.getContext('2d')!;
    const ink = Object.assign(document.createElement('canvas'), { width: this.side, height: this.side });
    this.ink = ink.getContext('2d', { willReadFrequently: true })!;
    Object.assign(this.ink, { lineWidth: PEN, lineCap: 'round', lineJoin: 'round' });
    canvas.addEventListener('pointerdown', (event) => this.startStroke(event));
    canvas.addEventListener('keydown', (event) => this.press(event));
    canvas.addEventListener('focus', this.paint);
    canvas.addEventListener('blur', this.paint);
    onScheme(this.paint);
  }

  /** From 0 for paper to 255 for ink. */
  read(): Uint8Array {
    const { data } = this.ink.getImageData(0, 0, this.side, this.side);
    return Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3]!);
  }

  /** Replaces the drawing. */
  show(picture: CanvasImageSource): void {
    this.ink.clearRect(0, 0, this.side, this.side);
    this.ink.drawImage(picture, 0, 0, this.side, this.side);
    this.paint();
  }

  clear(): void {
    this.ink.clearRect(0, 0, this.side, this.side);
    this.paint();
    this.onInk();
  }

  private startStroke(event: PointerEvent): void {
    if (event.button !== 0) return;
    const { canvas } = this;
    canvas.setPointerCapture(event.pointerId);
    this.lineTo(this.pointOf(event), this.pointOf(event));
    let last = this.pointOf(event);
    const move = (next: PointerEvent) => {
      if (next.pointerId !== event.pointerId) return;
      this.lineTo(last, this.pointOf(next));
      last = this.pointOf(next);
    };
    const end = (next: PointerEvent) => {
      if (next.pointerId !== event.pointerId) return;
      canvas.removeEventListener('pointermove', move);
      canvas.removeEventListener('lostpointercapture', end);
    };
    canvas.addEventListener('pointermove', move);
    canvas.addEventListener('lostpointercapture', end);
  }

  private pointOf({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const scale = this.side / width;
    return [(clientX - left) * scale, (clientY - top) * scale];
  }

  private press(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const inside = (value: number) => Math.min(Math.max(value, 0), this.side);
      const [x, y] = this.pen;
      this.movePen([inside(x + arrow[0]), inside(y + arrow[1])]);
    } else if (event.key === ' ') {
      this.isDown = !this.isDown;
      this.onPen(this.isDown ? 'The pen is down.' : 'The pen is up.');
      this.movePen(this.pen);
    } else if (event.key === 'Delete' || event.key === 'Backspace') this.clear();
    else return;
    event.preventDefault();
  }

  private movePen(to: Point): void {
    if (this.isDown) this.lineTo(this.pen, to);
    this.pen = to;
    this.paint();
  }

  private lineTo(from: Point, to: Point): void {
    this.ink.beginPath();
    // A line without a length has no stroke, so its end is drawn as a dot.
    this.ink.arc(...to, PEN / 2, 0, 2 * Math.PI);
    this.ink.fill();
    this.ink.beginPath();
    this.ink.moveTo(...from);
    this.ink.lineTo(...to);
    this.ink.stroke();
    this.paint();
    this.onInk();
  }

  private paintNow(): void {
    const { view, side } = this;
    view.clearRect(0, 0, side, side);
    view.drawImage(this.ink.canvas, 0, 0);
    view.globalCompositeOperation = 'source-in';
    view.fillStyle = css('--ink');
    view.fillRect(0, 0, side, side);
    view.globalCompositeOperation = 'source-over';
    if (!this.canvas.matches(':focus-visible')) return;
    view.beginPath();
    view.arc(...this.pen, PEN / 2, 0, 2 * Math.PI);
    view.strokeStyle = view.fillStyle = css('--accent');
    view.lineWidth = 3;
    view.stroke();
    if (this.isDown) view.fill();
  }
}
