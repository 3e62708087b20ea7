import plugin from 'eslint-plugin-import-x';

export default [plugin.flatConfigs.recommended, { languageOptions: { ecmaVersion: 2022, sourceType: 'module' } }];
