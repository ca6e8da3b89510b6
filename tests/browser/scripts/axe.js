// Findings of axe-core that are serious or critical, with the elements.
async () => {
  const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
  const grave = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  const why = (node) => [...node.any, ...node.all, ...node.none].map(({ message }) => message)[0];
  return grave.map(({ id, nodes }) => ({
    id,
    nodes: nodes.slice(0, 4).map((node) => `${node.target.join(' ')}: ${why(node)}`),
  }));
};
