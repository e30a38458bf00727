// Dark or light, kept in a cookie. Contract: <button data-theme-toggle>.

for (const button of document.querySelectorAll("[data-theme-toggle]")) {
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const chosen = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = chosen;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
}
