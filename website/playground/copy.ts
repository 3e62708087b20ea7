/** Copies a text, and says so on the button, or that the browser refused. */
export async function copy(text: string, button: HTMLButtonElement): Promise<void> {
  button.dataset.label ??= button.textContent ?? '';
  const done = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = done ? 'Copied' : 'The browser refused to copy';
  setTimeout(() => {
    button.textContent = button.dataset.label ?? '';
  }, 2000);
}
