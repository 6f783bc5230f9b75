import { render } from "preact";

render(<h1>Registry</h1>, document.getElementById("page")!);
