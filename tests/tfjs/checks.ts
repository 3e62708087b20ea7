/** All checks of a backend, which end with those that break it. Their names are the same in Node and in a page. */
import { type Check, SETTINGS, type Setting, type SettingName } from './check.js';
import { drawing } from './drawing.js';
import { own } from './own.js';
import { upstream } from './upstream.js';

export const checksOf = (name: SettingName): Check[] => {
  const setting: Setting = SETTINGS[name];
  return [...upstream(setting), ...(setting.draw === true ? drawing(setting) : []), ...own(setting)];
};
