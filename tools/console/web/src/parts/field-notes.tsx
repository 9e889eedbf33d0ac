/** Below a field: what is wrong with what it holds, and what it is for. @param id Of its `aria-describedby`. */
export function FieldNotes({ id, problem, help }: { id: string; problem: string | undefined; help: string }) {
  return (
    <div id={id}>
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
      <span class="field-help">{help}</span>
    </div>
  );
}
