// Files that the page itself makes. Nothing leaves the machine: the browser keeps them.

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function downloadText(name: string, text: string, type: string): void {
  save(name, new Blob([text], { type }));
}

/** The picture as it came, without anything drawn on it. */
export async function pictureAsFile(image: ImageBitmap, name: string): Promise<void> {
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  save(name, await canvas.convertToBlob({ type: "image/png" }));
}
