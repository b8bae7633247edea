import { mount } from "svelte";
import App from "./App.svelte";
import "./theme.css";
import "./app.css";
import "./marks.css";
import { lang } from "./lib/lang.svelte";
import { theme } from "./lib/theme.svelte";

lang.tell();
theme.tell();
const target = document.getElementById("page");
if (target) mount(App, { target });
