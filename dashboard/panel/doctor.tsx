export function DoctorView() {
  return null
}
