// An independent reader of calendar objects: a JSON list of texts on stdin, what ical.js read of each on stdout.
import ICAL from "ical.js";

ICAL.design.strict = true;

function property(found) {
  const parameters = found.toJSON()[1];
  const value = found.getFirstValue();
  return { type: found.type, parameters, value: value === null ? null : value.toString() };
}

function component(found) {
  const properties = {};
  for (const entry of found.getAllProperties()) {
    properties[entry.name] ??= [];
    properties[entry.name].push(property(entry));
  }
  return {
    name: found.name,
    properties,
    components: found.getAllSubcomponents().map(component),
  };
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
process.stdout.write(JSON.stringify(JSON.parse(input).map((text) => component(new ICAL.Component(ICAL.parse(text))))));
