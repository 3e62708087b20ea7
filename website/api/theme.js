/** TypeDoc's theme in the layout of the site: with its header, without inline scripts and a switch of colors. */
import { DefaultTheme, JSX } from 'typedoc';
import { layout } from '../layout.js';
import { relative } from '../relative.js';

export class SiteTheme extends DefaultTheme {
  /**
   * @override
   * @type {DefaultTheme['defaultLayoutTemplate']}
   */
  defaultLayoutTemplate = (page, template) => {
    const context = this.getRenderContext(page);
    const address = `api/${page.url}`;
    const render = (/** @type {JSX.Children} */ element) =>
      JSX.renderElement(JSX.createElement(JSX.Fragment, null, element));
    const asset = (/** @type {string} */ name) => relative(address, `api/assets/${name}`);
    const styles = ['style', 'highlight', 'custom'].map(
      (name) => `<link rel="stylesheet" href="${asset(`${name}.css`)}">\n`,
    );
    const scripts = ['icons', 'search', 'navigation', 'hierarchy'].map(
      (name) => `<script async src="${asset(`${name}.js`)}" id="tsd-${name.replace('igation', '')}-script"></script>\n`,
    );
    const html = layout({
      address,
      title: page.url === 'index.html' ? 'API' : page.model.getFullName(),
      about: `API reference of ${page.project.name}.`,
      // TypeDoc's script finds its other files by this.
      attributes: ` class="default" data-base="${relative(address, 'api')}/"`,
      head: `${styles.join('')}<script defer src="${asset('main.js')}"></script>\n${scripts.join('')}`,
      body: `${render(context.toolbar(page))}
<div class="container container-main">
<main id="main" class="col-content">${render(context.header(page))}${render(template(page))}</main>
<div class="col-sidebar">
<div class="page-menu">${render(context.pageNavigation(page))}</div>
<div class="site-menu">${render(context.sidebar(page))}</div>
</div>
</div>
<div class="overlay"></div>`,
    });
    // TypeDoc writes the doctype itself.
    return JSX.createElement(JSX.Raw, { html: html.replace('<!doctype html>\n', '') });
  };
}
