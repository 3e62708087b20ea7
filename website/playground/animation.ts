/** What moves by itself: only while it is on the screen, and until its button says otherwise. */
import { View } from './pace.js';
import { reducedMotion } from './section.js';

/**
 * Repeats a step while the button is pressed and the element is visible.
 *
 * @param autoplay whether it starts pressed, unless the visitor prefers reduced motion
 */
export function animate(
  { button, element, autoplay }: { button: HTMLButtonElement; element: Element; autoplay: boolean },
  milliseconds: number,
  step: () => void,
): void {
  let pressed = autoplay && !reducedMotion.matches;
  let timer: ReturnType<typeof setInterval> | undefined;
  const update = () => {
    button.setAttribute('aria-pressed', String(pressed));
    clearInterval(timer);
    if (pressed && !view.isEmpty) timer = setInterval(step, milliseconds);
  };
  button.addEventListener('click', () => {
    pressed = !pressed;
    update();
  });
  const view = new View([element], update);
  update();
}
