// Runs before the page is drawn, so that it never flashes in the wrong colours.
document.documentElement.dataset.theme = localStorage.getItem('theme') ?? 'auto'
