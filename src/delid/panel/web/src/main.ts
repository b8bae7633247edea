import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { lang } from "./lib/lang.svelte";
import { theme } from "./lib/theme.svelte";

lang.tell();
theme.tell();
const target = document.getElementById("page");
if (target) mount(App, { target });
