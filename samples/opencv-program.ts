// Five lines that let an OpenCV program detect what is in a picture:  node dist/samples/opencv-program.js PICTURE [OUT]
import { drawBoxes, loadModel } from 'ocellus'; // 1
import { detectMat, loadOpenCv, MatDrawing } from 'ocellus/opencv'; // 2

const cv = loadOpenCv(); // In your own program: import cv from '@u4/opencv4nodejs'
const model = await loadModel(); // 3
const mat = cv.imread(process.argv[2] ?? 'picture.jpg');
const found = await detectMat(model, mat); // 4
drawBoxes(new MatDrawing(mat), found); // 5
console.log([...found].map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(', '));
if (process.argv[3]) cv.imwrite(process.argv[3], mat);
mat.release();
await model.close();
