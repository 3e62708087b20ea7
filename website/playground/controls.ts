/**
 * Binds the controls of the page to the state. A control is an input or a select whose name is a field. Checkboxes are
 * the choices of a subset.
 */
import type { Field, Fields, Store } from './store.js';
import { grouped } from './text.js';

type Control = HTMLInputElement | HTMLSelectElement;

export function bindControls<F extends Fields>(root: ParentNode, store: Store<F>): void {
  for (const control of root.querySelectorAll<Control>('input[name], select[name]')) {
    const { name } = control;
    const field = store.fields[name];
    if (!field) throw new Error(`no field is named ${name}`);
    limit(control, field);
    const output = root.querySelector<HTMLOutputElement>(`output[for="${control.id}"]`);
    const show = () => {
      const text = field.print(store.get(name));
      write(control, text);
      if (output) output.value = grouped(store.get(name));
    };
    control.addEventListener('input', () => {
      const value = field.parse(read(control, root));
      control.setAttribute('aria-invalid', String(value === undefined));
      if (value !== undefined) store.set(name, value);
    });
    // A number that is out of range or half typed gives way to the value in use.
    control.addEventListener('change', () => {
      control.removeAttribute('aria-invalid');
      show();
    });
    store.watch([name], () => {
      // A number that is typed stays as it is while it means the value, such as “1.50”.
      if (control.type === 'number' && field.parse(control.value) === store.get(name)) return;
      show();
    });
    show();
  }
}

/** The text of a control's label, without the value in it. */
export const labelOf = (id: string): string | undefined =>
  document.querySelector(`label[for="${id}"]`)?.firstChild?.textContent?.trim();

function limit(control: Control, field: Field<unknown>): void {
  if (!(control instanceof HTMLInputElement)) return;
  for (const key of ['min', 'max', 'step'] as const) if (field[key] !== undefined) control[key] = `${field[key]}`;
}

function read(control: Control, root: ParentNode): string {
  if (control.type !== 'checkbox') return control.value;
  const checked = root.querySelectorAll<HTMLInputElement>(`input[name="${control.name}"]:checked`);
  return Array.from(checked, ({ value }) => value).join(',');
}

function write(control: Control, text: string): void {
  if (control instanceof HTMLInputElement && (control.type === 'checkbox' || control.type === 'radio')) {
    control.checked = text.split(',').includes(control.value);
  } else control.value = text;
}
