import plugin from 'eslint-plugin-import';

export default [plugin.flatConfigs.recommended, { languageOptions: { ecmaVersion: 2022, sourceType: 'module' } }];
