// A form whose values travel to the server once. They are sent as a trigger, which Streamlit takes out of what it
// sends with every later interaction, and the fields are emptied in the same moment.

const forms = new WeakMap(); // By the place where it is drawn: which form stands there, and its button.

const element = (tag, attributes, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

const field = ({ name, label, secret, pattern, advice }, longest) => {
  const input = element("input", {
    name, type: secret ? "password" : "text", required: true, maxLength: longest, autocomplete: "off", spellcheck: false,
  });
  if (pattern) {
    input.pattern = pattern;
    input.addEventListener("input", () => input.setCustomValidity(""));
    input.addEventListener("invalid", () => input.validity.patternMismatch && input.setCustomValidity(advice));
  }
  return element("label", {}, label, input);
};

export default ({ data, parentElement, setTriggerValue }) => {
  const place = parentElement.querySelector(".tandem-secret-form");
  const asked = JSON.stringify(data.fields);
  let drawn = forms.get(place);
  if (drawn?.asked !== asked) {
    const button = element("button", { type: "submit" }, data.action);
    const form = element("form", {}, ...data.fields.map((each) => field(each, data.longest)), button);
    drawn = { asked, button };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (button.disabled) return;
      drawn.send("sent", Object.fromEntries(new FormData(form)));
      form.reset();
    });
    forms.set(place, drawn);
    place.replaceChildren(form);
  }
  drawn.send = setTriggerValue;
  drawn.button.disabled = data.disabled;
};
