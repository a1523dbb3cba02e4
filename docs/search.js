// Search from file://, where browsers start no worker: the worker's script runs in a hidden frame instead. The theme would load
// such a replacement from another site; docs/generate/site_pages.py puts this one in its place.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(script) {
      super();
      this.waiting = []; // messages from before the script runs
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.onload = () => this.#start(frame.contentWindow, script);
      document.body.append(frame);
    }

    #start(inside, script) {
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const element = inside.document.createElement("script");
      element.src = script;
      element.onload = () => {
        this.inside = inside;
        this.waiting.forEach((data) => this.postMessage(data));
      };
      inside.document.head.append(element);
    }

    postMessage(data) {
      if (this.inside) this.inside.dispatchEvent(new MessageEvent("message", { data }));
      else this.waiting.push(data);
    }
  };
}
