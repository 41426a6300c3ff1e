import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { applyTheme } from "./ui/theme";

applyTheme();

const container = document.getElementById("dashboard");
if (!container) throw new Error("the page has no #dashboard");
createRoot(container).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
