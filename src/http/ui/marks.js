// Which words of a ticket stand where in its call. Offsets count code points, as the server does.

/** A text cut where spans begin and end: pieces with the numbers of the spans that cover them. */
export function pieces(text, spans) {
  const points = Array.from(text);
  const cuts = new Set([0, points.length]);
  for (const { start, end } of spans) {
    cuts.add(Math.min(start, points.length));
    cuts.add(Math.min(end, points.length));
  }
  const at = [...cuts].sort((one, other) => one - other);
  const coming = spans.map((_, number) => number).sort((one, other) => spans[other].start - spans[one].start);
  let open = [];
  return at.slice(1).map((to, index) => {
    const from = at[index];
    open = open.filter((number) => spans[number].end > from);
    while (coming.length > 0 && spans[coming.at(-1)].start <= from) open.push(coming.pop());
    return { text: points.slice(from, to).join(''), covering: open.filter((number) => spans[number].end >= to) };
  });
}

/** The spans of one field of a ticket, with their numbers among all. */
export const spansOf = (spans, field) => spans.flatMap((span, number) => (span.field === field ? [{ ...span, number }] : []));

/** The places of the call that spans point to, by session and turn. */
export function placesSaid(spans) {
  const places = new Map();
  spans.forEach(({ said = [] }, number) => {
    for (const { session, turn, speaker, start, end } of said) {
      const key = `${session}/${turn}`;
      if (!places.has(key)) places.set(key, []);
      places.get(key).push({ speaker, start, end, number });
    }
  });
  return places;
}
