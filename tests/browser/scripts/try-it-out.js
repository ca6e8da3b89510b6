async (path, method, fields, body) => {
  const until = async (look) => {
    for (let tries = 0; tries < 2000; tries += 1) {
      const found = look();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error(`${method} ${path}: ${look}`);
  };
  const type = (field, text) => {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
    set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    // The page takes what was typed after a while, or when the field is left.
    field.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
  };
  // The operation alone, without its problems: the page draws everything anew at each click.
  const operation = { ...window.spec.paths[path][method] };
  const answers = Object.entries(operation.responses).filter(([status]) => status < '4');
  operation.responses = Object.fromEntries(answers);
  const paths = { [path]: { [method]: operation } };
  const components = { schemas: {}, examples: {} };
  const take = (value) => {
    const found = JSON.stringify(value).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g);
    for (const [, kind, name] of found) {
      if (components[kind][name]) continue;
      components[kind][name] = window.spec.components[kind][name];
      take(components[kind][name]);
    }
  };
  take(operation);
  const place = document.createElement('div');
  place.id = 'ui';
  document.getElementById('ui').replaceWith(place);
  window.SwaggerUIBundle({
    dom_id: '#ui',
    spec: { ...window.spec, paths, components },
    defaultModelsExpandDepth: -1,
    docExpansion: 'full',
    syntaxHighlight: { activated: false },
  });
  const find = (selector) => place.querySelector(selector);
  (await until(() => find('.try-out__btn'))).click();
  const execute = await until(() => find('.execute'));
  for (const [name, value] of Object.entries(fields)) {
    type(find(`tr[data-param-name="${name}"] input`), value);
  }
  const file = find('input[type=file]');
  if (file) {
    const files = new DataTransfer();
    files.items.add(new File(['[]'], 'jobs.json'));
    file.files = files.files;
    file.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (body !== null) type(find('.body-param__text'), body);
  window.answers = [];
  execute.click();
  const { status, text } = await until(() => window.answers[0]);
  return [status, text];
};
