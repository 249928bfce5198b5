// Browsers start no worker in a page that was opened from disk. There, the search runs in a hidden frame instead.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(address) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      this.inside = this.frame.contentWindow;
      this.inside.postMessage = (data) => setTimeout(() => this.onmessage?.({ data }));
      const script = this.frame.contentDocument.createElement("script");
      script.src = address;
      this.started = new Promise((started) => { script.onload = started; });
      script.onerror = (error) => this.onerror?.(error);
      this.frame.contentDocument.head.append(script);
    }
    postMessage(data) { this.started.then(() => this.inside.onmessage({ data })); }
    terminate() { this.frame.remove(); }
  };
}
