// Starts Swagger UI on the page /docs. A file of its own, because the page's policy allows no script in the page.
"use strict";

const place = document.getElementById("documentation");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

follow();
dark.addEventListener("change", follow);
SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  // The page has its own main landmark, and a page has one.
  onComplete: () => place.querySelector("main")?.setAttribute("role", "none"),
});
