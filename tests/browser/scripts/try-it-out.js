async (tag, id, fields, body) => {
  const until = async (look) => {
    for (let tries = 0; tries < 1000; tries += 1) {
      const found = look();
      if (found) return found;
      await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error(`${id}: ${look}`);
  };
  const type = (field, text) => {
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
    set.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    // The page takes what was typed after a while, or when the field is left.
    field.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
  };
  const block = await until(() => document.getElementById(`operations-${tag}-${id}`));
  const open = () => block.querySelector('.opblock-summary-control').click();
  open();
  (await until(() => block.querySelector('.try-out__btn'))).click();
  const execute = await until(() => block.querySelector('.execute'));
  for (const [name, value] of Object.entries(fields)) {
    type(block.querySelector(`tr[data-param-name="${name}"] input`), value);
  }
  const file = block.querySelector('input[type=file]');
  if (file) {
    const files = new DataTransfer();
    files.items.add(new File(['[]'], 'jobs.json'));
    file.files = files.files;
    file.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (body !== null) type(block.querySelector('.body-param__text'), body);
  window.answers = [];
  execute.click();
  const { status, text } = await until(() => window.answers[0]);
  open();
  return [status, text];
};
