/** Binds the controls of the page to the state. A control is an input or a select whose name is a field. */
import type { Field, Fields, Store } from './store.js';

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
      if (output) output.value = text;
    };
    control.addEventListener('input', () => {
      const value = field.parse(read(control));
      control.setAttribute('aria-invalid', String(value === undefined));
      if (value !== undefined) store.set(name, value);
    });
    // A number that is out of range or half typed gives way to the value in use.
    control.addEventListener('change', () => {
      control.removeAttribute('aria-invalid');
      show();
    });
    store.watch([name], () => {
      if (document.activeElement !== control || control.type !== 'number') show();
      else if (output) output.value = field.print(store.get(name));
    });
    show();
  }
}

function limit(control: Control, field: Field<unknown>): void {
  if (!(control instanceof HTMLInputElement)) return;
  for (const key of ['min', 'max', 'step'] as const) if (field[key] !== undefined) control[key] = `${field[key]}`;
}

function read(control: Control): string {
  if (control.type === 'checkbox') return (control as HTMLInputElement).checked ? '1' : '0';
  return control.value;
}

function write(control: Control, text: string): void {
  if (control.type === 'checkbox') (control as HTMLInputElement).checked = text === '1';
  else if (control.type === 'radio') (control as HTMLInputElement).checked = control.value === text;
  else control.value = text;
}
