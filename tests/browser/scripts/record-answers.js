() => {
  const { fetch } = window;
  window.answers = [];
  window.fetch = async (...call) => {
    const response = await fetch(...call);
    const text = response.ok ? '' : await response.clone().text();
    window.answers.push({ status: response.status, text });
    return response;
  };
};
