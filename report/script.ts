/** The page's script: hides the rows, and what explains them, that the filters leave out. */
export const SCRIPT = `
const form = document.getElementById("filters");
const search = document.getElementById("search");
const shown = document.getElementById("shown");
const rows = [...document.querySelectorAll("tr[data-row]")].map((row) => {
  const section = document.getElementById(row.dataset.row);
  const text = row.textContent + " " + (section ? section.textContent : "");
  return { row, section, text: text.toLowerCase(), state: row.dataset.state };
});
const filter = () => {
  const states = [...form.querySelectorAll(":checked")].map((box) => box.value);
  const words = search.value.toLowerCase().split(/\\s+/);
  let count = 0;
  for (const { row, section, text, state } of rows) {
    const fits = states.includes(state) && words.every((word) => text.includes(word));
    row.hidden = !fits;
    if (section) section.hidden = !fits;
    if (fits) count += 1;
  }
  shown.textContent = count + " of " + rows.length + " shown";
};
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
filter();
`;
